"""The desk: applications as departments and the credit office handle them, and signs of a broken repair commitment."""
