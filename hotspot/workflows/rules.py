"""The rules of a study in words: what decides, and how sentences that can be read in two ways are read."""

from typing import Any

from hotspot.rules.deciding import deciding
from hotspot.rules.readings import readings
from hotspot.study import Study


def show_rules(study: Study, *, contradictions: bool = False) -> dict[str, Any]:
    """
    What decides a study's lists and duties, or the register of readings.

    Returns
    -------
    dict: ``profile``, ``documents``, ``rows``, ``sentences``

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> answer = show_rules(synthetic_month(size="small").study, contradictions=True)
    >>> answer["profile"], any("veto" in row["key"] for row in answer["rows"])
    ('mee-2018', True)
    """
    criteria = study.criteria
    documents = [" ".join(filter(None, (d.title, d.number, d.date))) for d in criteria.holds.documents]
    lines = [f"{study.id}: profile {criteria.profile}; {criteria.legal_basis}", *documents]
    if contradictions:
        rows = readings(criteria)
        lines += [
            f"{row['key']} = {row['applied'] or '—'}{' (departs)' if row['departs'] else ''}; readings "
            f"{' | '.join(row['readings'])}; {row['clause']}; {row['words']}; {row['why']}"
            for row in rows
        ]
    else:
        rows = deciding(criteria)
        lines += [f"{row['key']} = {row['value']}  {row['zh']}  {row['clause']}  ({row['set_by']})" for row in rows]
    return {"profile": criteria.profile, "documents": documents, "rows": rows, "sentences": lines}
