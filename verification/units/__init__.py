"""What each unit has to see to itself: who answers for it, and that its staff are trained. The desk's pages of both."""
