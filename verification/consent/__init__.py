"""Consent of the subject, and the gate that every record or report passes on its way to somebody else (R113)."""
