"""What a served determination brings with it: rectification, interviews, the hand-over of licences, letters."""
