"""The three lines on home: what is wrong with the selected object, what changed, what to do.

`facts` reads what the stores do not hold, `base` chooses the revision to compare with, `updater` chooses the object and
ties all to the screen, `panel` draws. The text is made in `k9py.views.answer`.
"""
