"""The life of one commitment and its breach, told three times: by an oracle that counts days by itself, by the pure rules,
and by the services through the database. What is public on a day has to be the same in all three."""
