"""Objections to what the site shows, complaints beside them, and errors that anybody points out."""
