"""A first recipe for a table, drafted from a look at its rows.

Every choice says how sure it is. `certain`: it holds in every row of the table. `likely`: it holds in the rows that were
looked at, or by a rule that has few exceptions. `guess`: another choice may be as good, and a person knows better.
"""
