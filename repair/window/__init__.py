"""The window: any hall takes an application in (S1 十三, S4 13: 一网通办; R102)."""
