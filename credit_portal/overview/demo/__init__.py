"""Demonstration data: invented people and businesses, marked 演示, handled through the same services as real ones."""
