"""What goes up to the city platform (R6, R74, R131), and what it answers.

`wanting` what the platform should hold of a commitment now (pure) · `noting` versions of it as rows, written with the
fact that causes them · `batches` going up together · `packages` files · `pushing` over HTTP · `receipts` the answers ·
`corrections` of what was refused.
"""
