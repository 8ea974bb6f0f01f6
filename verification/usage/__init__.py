"""The monthly list of uses of credit records: built from the checks, sent to the credit office, and who did not."""
