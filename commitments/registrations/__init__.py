"""Voluntary registration (S0 三（二）, S1 五, S4 5; R42–R44): told by the subject with proof, signed for, verified by a department,
in the record from then on and not before."""
