"""Lists of members and of enterprises that should register: taken in from files, compared, never deleted (R43, R47)."""
