"""Methods of lists before the public: what is asked about, what applies, and the form for an opinion."""
