"""Who stands on which list: told row by row by the credit office and the departments that keep a list, in a form, in a file
or by their systems; with term and exit (S1 八, S3 二, S4 8, R94)."""
