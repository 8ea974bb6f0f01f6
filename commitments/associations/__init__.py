"""Associations at work: one text for their members, campaigns to sign it, how many have, what is on record of a member
(S0 一（一）, S1 十八, S4 1, 18; R10, R31, R47, R123)."""
