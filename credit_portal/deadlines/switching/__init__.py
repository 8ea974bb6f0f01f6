"""Law switching: what a new rule or a holiday notice would do to open cases, and doing it by an order of two persons.

By default a rule touches only what is triggered from its day on; an order moves open cases. A holiday notice moves by
itself: working days are what they are. Rooms register the records that have such days (`kinds.register`).
"""
