"""Warnings: rules kept by the credit office, entries set beside promises, answers of departments (R63, R70)."""
