"""Late materials (容缺受理) and what is handled at once (即时办理): promised, brought, extended, overdue. (S4 1; R36, R37.)"""
