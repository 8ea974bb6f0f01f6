"""Every form of every page, found by walking the portal as each of its people, and the strings of naughty.py in each field."""
