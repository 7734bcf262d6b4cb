"""Every use case, one module each, and the wiring of a run: what the doors call (``cli``; a server later).

A door opens a run with ``run.open_app``, calls one function, and shows the value that comes back. Read these first:

    investigate  triage  fix  saved_plan  rollback  recover      need a run; ``fix`` is put in order in ``fix.py``
    approve  approvers  changes  history  doctor                 need settings alone
    policy_files  policy_explain  replay  configuration  completion
    audit_verify  audit_copies  audit_proofs  audit_upkeep

The rest serves them: ``fixing/`` and ``investigating/`` hold the steps, ``look`` and ``stored_incident`` what several
share; ``run`` wires an ``App``, with ``connections``, ``providers``, ``models``, ``guard_wiring``, ``policy_loading``.
"""
