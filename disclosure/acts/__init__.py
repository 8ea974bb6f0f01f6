"""Administrative acts and judicial information: entered, uploaded or pushed by departments, published within the
working days of policy (S3 一（一）, S4 15, S1 十五)."""
