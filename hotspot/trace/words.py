"""What tracing found, in short phrases for checklists, sheets and answers: Chinese first, English beside it."""


def agreement_words(found):
    """
    How many stations point to a facility.

    Parameters
    ----------
    found : mapping, a row of ``trace_sources``; without ``n_stations`` nothing is said

    Returns
    -------
    (zh, en); both empty where no station could tell

    Examples
    --------
    >>> agreement_words({"agreement": 2, "n_stations": 3})
    ('能判断的3个站点中2个指向该处', '2 of 3 stations that can tell point to it')
    >>> agreement_words({"agreement": 0, "n_stations": 1})
    ('能判断的1个站点不指向该处', '0 of 1 stations that can tell point to it')
    >>> agreement_words({"word": "weak"})
    ('', '')
    """
    n = _count(found.get("n_stations"))
    if not n:
        return "", ""
    pointing = _count(found.get("agreement"))
    english = f"{pointing} of {n} stations that can tell point to it"
    if n == 1:
        return f"能判断的1个站点{'' if pointing else '不'}指向该处", english
    said = f"中{pointing}个指向该处" if 0 < pointing < n else f"{'都' if pointing else '均不'}指向该处"
    return f"能判断的{n}个站点{said}", english


def calm_words(about):
    """
    What a month of much calm means for who looks for sources.

    Parameters
    ----------
    about : mapping, of a cell, from ``attrs["hours"]`` of ``trace_sources``

    Returns
    -------
    (zh, en); both empty unless calm prevails

    Examples
    --------
    >>> calm_words({"calm_month": True, "calm_share": 0.42, "calm_hours": 300})[0]
    '当月静风300小时（占42%），风向难以指明来源，先查格内和近处的源'
    >>> calm_words({"calm_month": False})
    ('', '')
    """
    if not about.get("calm_month"):
        return "", ""
    hours, share = about["calm_hours"], about["calm_share"]
    return (
        f"当月静风{hours}小时（占{share:.0%}），风向难以指明来源，先查格内和近处的源",
        f"calm in {hours} hours ({share:.0%}): the wind hardly tells a source, look in the cell and close by first",
    )


def _count(number):
    """A whole number, 0 where it is missing."""
    return int(number) if number is not None and number == number else 0
