"""Studies: a journal, the trials it tells of, workers that train them, and what was found.

studies/<name>/<study_id>/
    plan.json  recipe.yaml  provenance.json   as the study began; plan-2.json … after its space was edited
    journal.jsonl        one event a line, appended: the truth of the study
    trials/<n>/          checkpoints of a trial that is paused
    workers/<slot>.txt   what the workers printed
    tb/                  the study as TensorBoard's HParams view shows it
    lock                 held, as long as it lives, by the process that searches
"""
