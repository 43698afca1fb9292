"""The three lines on home: what is wrong with the selected object, what changed, what to do.

`facts` reads what the stores do not hold, `panel` draws, `subject` says which object is meant, `following` ties them
to the screen. The words are made in `k9py.views.answer`.
"""
