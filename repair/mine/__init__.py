"""Repair on the subject's own pages: asked for, followed and completed on a telephone."""
