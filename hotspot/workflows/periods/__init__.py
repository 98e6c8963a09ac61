"""What a calendar makes due for units and departments: figures, assessments, rankings."""
