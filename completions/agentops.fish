# Made by scripts/generate.py from the command tree; static, so that TAB costs nothing.
complete -c agentops -f
complete -c agentops -l help
complete -c agentops -l version
complete -c agentops -n __fish_use_subcommand -a approve -d 'Review a saved plan and sign an approval of exactly that plan.'
complete -c agentops -n '__fish_seen_subcommand_from approve' -l help
complete -c agentops -n '__fish_seen_subcommand_from approve' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from approve' -l out
complete -c agentops -n '__fish_seen_subcommand_from approve' -l output
complete -c agentops -n '__fish_seen_subcommand_from approve' -l side-by-side
complete -c agentops -n '__fish_seen_subcommand_from approve' -l ttl
complete -c agentops -n '__fish_seen_subcommand_from approve' -l verbose
complete -c agentops -n __fish_use_subcommand -a approvers -d 'List, add and remove the people whose approvals are valid here.'
complete -c agentops -n '__fish_seen_subcommand_from approvers' -l help
complete -c agentops -n '__fish_seen_subcommand_from approvers' -a add -d 'Trust an approvers public key.'
complete -c agentops -n '__fish_seen_subcommand_from add' -l help
complete -c agentops -n '__fish_seen_subcommand_from add' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from add' -l output
complete -c agentops -n '__fish_seen_subcommand_from add' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from approvers' -a list -d 'List the trusted approvers.'
complete -c agentops -n '__fish_seen_subcommand_from list' -l help
complete -c agentops -n '__fish_seen_subcommand_from list' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from list' -l output
complete -c agentops -n '__fish_seen_subcommand_from list' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from approvers' -a me -d 'Show your own public key; made on first use.'
complete -c agentops -n '__fish_seen_subcommand_from me' -l help
complete -c agentops -n '__fish_seen_subcommand_from me' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from me' -l output
complete -c agentops -n '__fish_seen_subcommand_from me' -l passphrase
complete -c agentops -n '__fish_seen_subcommand_from me' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from approvers' -a remove -d 'Stop trusting an approver.'
complete -c agentops -n '__fish_seen_subcommand_from remove' -l help
complete -c agentops -n '__fish_seen_subcommand_from remove' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from remove' -l output
complete -c agentops -n '__fish_seen_subcommand_from remove' -l verbose
complete -c agentops -n __fish_use_subcommand -a audit -d 'Verify, read and copy the tamper-evident audit log.'
complete -c agentops -n '__fish_seen_subcommand_from audit' -l help
complete -c agentops -n '__fish_seen_subcommand_from audit' -a anchor -d 'Sign the logs current state, and keep the checkpoint elsewhere.'
complete -c agentops -n '__fish_seen_subcommand_from anchor' -l endpoint-url
complete -c agentops -n '__fish_seen_subcommand_from anchor' -l help
complete -c agentops -n '__fish_seen_subcommand_from anchor' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from anchor' -l output
complete -c agentops -n '__fish_seen_subcommand_from anchor' -l retention-days
complete -c agentops -n '__fish_seen_subcommand_from anchor' -l to
complete -c agentops -n '__fish_seen_subcommand_from anchor' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a check-proof -d 'Check a proof of either kind with the public key alone.'
complete -c agentops -n '__fish_seen_subcommand_from check-proof' -l help
complete -c agentops -n '__fish_seen_subcommand_from check-proof' -l key
complete -c agentops -n '__fish_seen_subcommand_from check-proof' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from check-proof' -l output
complete -c agentops -n '__fish_seen_subcommand_from check-proof' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a export -d 'Copy the whole log elsewhere, piece by piece.'
complete -c agentops -n '__fish_seen_subcommand_from export' -l endpoint-url
complete -c agentops -n '__fish_seen_subcommand_from export' -l help
complete -c agentops -n '__fish_seen_subcommand_from export' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from export' -l output
complete -c agentops -n '__fish_seen_subcommand_from export' -l retention-days
complete -c agentops -n '__fish_seen_subcommand_from export' -l to
complete -c agentops -n '__fish_seen_subcommand_from export' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a fingerprint -d 'Print the fingerprint of the JSON arguments on standard input.'
complete -c agentops -n '__fish_seen_subcommand_from fingerprint' -l help
complete -c agentops -n '__fish_seen_subcommand_from fingerprint' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from fingerprint' -l output
complete -c agentops -n '__fish_seen_subcommand_from fingerprint' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a keys -d 'Show the public keys that sign the log, oldest first.'
complete -c agentops -n '__fish_seen_subcommand_from keys' -l help
complete -c agentops -n '__fish_seen_subcommand_from keys' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from keys' -l output
complete -c agentops -n '__fish_seen_subcommand_from keys' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a log -d 'Print records, newest last.'
complete -c agentops -n '__fish_seen_subcommand_from log' -l actor
complete -c agentops -n '__fish_seen_subcommand_from log' -l event
complete -c agentops -n '__fish_seen_subcommand_from log' -l fingerprint
complete -c agentops -n '__fish_seen_subcommand_from log' -l follow
complete -c agentops -n '__fish_seen_subcommand_from log' -l help
complete -c agentops -n '__fish_seen_subcommand_from log' -l limit
complete -c agentops -n '__fish_seen_subcommand_from log' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from log' -l output
complete -c agentops -n '__fish_seen_subcommand_from log' -l run
complete -c agentops -n '__fish_seen_subcommand_from log' -l since
complete -c agentops -n '__fish_seen_subcommand_from log' -l target
complete -c agentops -n '__fish_seen_subcommand_from log' -l until
complete -c agentops -n '__fish_seen_subcommand_from log' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a prove -d 'Prove that a record is in the signed log, or that the log only grew.'
complete -c agentops -n '__fish_seen_subcommand_from prove' -l growth
complete -c agentops -n '__fish_seen_subcommand_from prove' -l help
complete -c agentops -n '__fish_seen_subcommand_from prove' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from prove' -l output
complete -c agentops -n '__fish_seen_subcommand_from prove' -l to
complete -c agentops -n '__fish_seen_subcommand_from prove' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a replay -d 'Evaluate recorded decisions under todays policy and show which differ.'
complete -c agentops -n '__fish_seen_subcommand_from replay' -l exit-code
complete -c agentops -n '__fish_seen_subcommand_from replay' -l help
complete -c agentops -n '__fish_seen_subcommand_from replay' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from replay' -l output
complete -c agentops -n '__fish_seen_subcommand_from replay' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a rotate -d 'Close the active segment; compress closed ones, drop expired ones.'
complete -c agentops -n '__fish_seen_subcommand_from rotate' -l help
complete -c agentops -n '__fish_seen_subcommand_from rotate' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from rotate' -l output
complete -c agentops -n '__fish_seen_subcommand_from rotate' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a rotate-key -d 'Sign with a new key from now on; record it, and destroy the old private key.'
complete -c agentops -n '__fish_seen_subcommand_from rotate-key' -l help
complete -c agentops -n '__fish_seen_subcommand_from rotate-key' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from rotate-key' -l output
complete -c agentops -n '__fish_seen_subcommand_from rotate-key' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from audit' -a verify -d 'Verify the whole chain.'
complete -c agentops -n '__fish_seen_subcommand_from verify' -l anchor
complete -c agentops -n '__fish_seen_subcommand_from verify' -l endpoint-url
complete -c agentops -n '__fish_seen_subcommand_from verify' -l help
complete -c agentops -n '__fish_seen_subcommand_from verify' -l key
complete -c agentops -n '__fish_seen_subcommand_from verify' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from verify' -l output
complete -c agentops -n '__fish_seen_subcommand_from verify' -l require-signed
complete -c agentops -n '__fish_seen_subcommand_from verify' -l verbose
complete -c agentops -n __fish_use_subcommand -a changes -d 'List the changes, newest first.'
complete -c agentops -n '__fish_seen_subcommand_from changes' -l help
complete -c agentops -n '__fish_seen_subcommand_from changes' -l limit
complete -c agentops -n '__fish_seen_subcommand_from changes' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from changes' -l output
complete -c agentops -n '__fish_seen_subcommand_from changes' -l verbose
complete -c agentops -n __fish_use_subcommand -a doctor -d 'Check folders, cluster, permissions, model and audit log.'
complete -c agentops -n '__fish_seen_subcommand_from doctor' -l context
complete -c agentops -n '__fish_seen_subcommand_from doctor' -l help
complete -c agentops -n '__fish_seen_subcommand_from doctor' -l kubeconfig
complete -c agentops -n '__fish_seen_subcommand_from doctor' -l namespace
complete -c agentops -n '__fish_seen_subcommand_from doctor' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from doctor' -l output
complete -c agentops -n '__fish_seen_subcommand_from doctor' -l verbose
complete -c agentops -n __fish_use_subcommand -a fix -d 'Fix an alert: plan, show, ask, apply, verify, or roll back.'
complete -c agentops -n '__fish_seen_subcommand_from fix' -l approval
complete -c agentops -n '__fish_seen_subcommand_from fix' -l context
complete -c agentops -n '__fish_seen_subcommand_from fix' -l dry-run
complete -c agentops -n '__fish_seen_subcommand_from fix' -l exit-code
complete -c agentops -n '__fish_seen_subcommand_from fix' -l help
complete -c agentops -n '__fish_seen_subcommand_from fix' -l kubeconfig
complete -c agentops -n '__fish_seen_subcommand_from fix' -l max-seconds
complete -c agentops -n '__fish_seen_subcommand_from fix' -l max-steps
complete -c agentops -n '__fish_seen_subcommand_from fix' -l max-tokens
complete -c agentops -n '__fish_seen_subcommand_from fix' -l max-usd
complete -c agentops -n '__fish_seen_subcommand_from fix' -l model
complete -c agentops -n '__fish_seen_subcommand_from fix' -l namespace
complete -c agentops -n '__fish_seen_subcommand_from fix' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from fix' -l no-model
complete -c agentops -n '__fish_seen_subcommand_from fix' -l out
complete -c agentops -n '__fish_seen_subcommand_from fix' -l output
complete -c agentops -n '__fish_seen_subcommand_from fix' -l plan
complete -c agentops -n '__fish_seen_subcommand_from fix' -l sandbox
complete -c agentops -n '__fish_seen_subcommand_from fix' -l side-by-side
complete -c agentops -n '__fish_seen_subcommand_from fix' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from fix' -l wait
complete -c agentops -n '__fish_seen_subcommand_from fix' -l yes
complete -c agentops -n __fish_use_subcommand -a history -d 'List the incidents, newest first.'
complete -c agentops -n '__fish_seen_subcommand_from history' -l help
complete -c agentops -n '__fish_seen_subcommand_from history' -l limit
complete -c agentops -n '__fish_seen_subcommand_from history' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from history' -l output
complete -c agentops -n '__fish_seen_subcommand_from history' -l verbose
complete -c agentops -n __fish_use_subcommand -a investigate -d 'Find the root cause of an alert; change nothing.'
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l context
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l details
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l exit-code
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l help
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l kubeconfig
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l max-seconds
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l max-steps
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l max-tokens
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l max-usd
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l model
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l namespace
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l no-model
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l output
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l resume
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l sandbox
complete -c agentops -n '__fish_seen_subcommand_from investigate' -l verbose
complete -c agentops -n __fish_use_subcommand -a policy -d 'Show, check and test what may be changed, and who must approve.'
complete -c agentops -n '__fish_seen_subcommand_from policy' -l help
complete -c agentops -n '__fish_seen_subcommand_from policy' -a explain -d 'Show which policy decides a request, and which clause.'
complete -c agentops -n '__fish_seen_subcommand_from explain' -l as
complete -c agentops -n '__fish_seen_subcommand_from explain' -l fact
complete -c agentops -n '__fish_seen_subcommand_from explain' -l harmless
complete -c agentops -n '__fish_seen_subcommand_from explain' -l help
complete -c agentops -n '__fish_seen_subcommand_from explain' -l label
complete -c agentops -n '__fish_seen_subcommand_from explain' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from explain' -l on-behalf-of
complete -c agentops -n '__fish_seen_subcommand_from explain' -l output
complete -c agentops -n '__fish_seen_subcommand_from explain' -l sandbox
complete -c agentops -n '__fish_seen_subcommand_from explain' -l target
complete -c agentops -n '__fish_seen_subcommand_from explain' -l tool
complete -c agentops -n '__fish_seen_subcommand_from explain' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from policy' -a init -d 'Copy the shipped policy to your config folder, to edit.'
complete -c agentops -n '__fish_seen_subcommand_from init' -l force
complete -c agentops -n '__fish_seen_subcommand_from init' -l help
complete -c agentops -n '__fish_seen_subcommand_from init' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from init' -l output
complete -c agentops -n '__fish_seen_subcommand_from init' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from policy' -a show -d 'Show the policy that is in force: layers, rules, limits.'
complete -c agentops -n '__fish_seen_subcommand_from show' -l facts
complete -c agentops -n '__fish_seen_subcommand_from show' -l help
complete -c agentops -n '__fish_seen_subcommand_from show' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from show' -l output
complete -c agentops -n '__fish_seen_subcommand_from show' -l schema
complete -c agentops -n '__fish_seen_subcommand_from show' -l source
complete -c agentops -n '__fish_seen_subcommand_from show' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from policy' -a test -d 'Run tables of expected decisions against the policy.'
complete -c agentops -n '__fish_seen_subcommand_from test' -l help
complete -c agentops -n '__fish_seen_subcommand_from test' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from test' -l output
complete -c agentops -n '__fish_seen_subcommand_from test' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from policy' -a validate -d 'Check that the policy can be loaded.'
complete -c agentops -n '__fish_seen_subcommand_from validate' -l as
complete -c agentops -n '__fish_seen_subcommand_from validate' -l help
complete -c agentops -n '__fish_seen_subcommand_from validate' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from validate' -l output
complete -c agentops -n '__fish_seen_subcommand_from validate' -l verbose
complete -c agentops -n __fish_use_subcommand -a recover -d 'Close or roll back what an interrupted run left open.'
complete -c agentops -n '__fish_seen_subcommand_from recover' -l context
complete -c agentops -n '__fish_seen_subcommand_from recover' -l help
complete -c agentops -n '__fish_seen_subcommand_from recover' -l keep
complete -c agentops -n '__fish_seen_subcommand_from recover' -l kubeconfig
complete -c agentops -n '__fish_seen_subcommand_from recover' -l namespace
complete -c agentops -n '__fish_seen_subcommand_from recover' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from recover' -l output
complete -c agentops -n '__fish_seen_subcommand_from recover' -l roll-back
complete -c agentops -n '__fish_seen_subcommand_from recover' -l sandbox
complete -c agentops -n '__fish_seen_subcommand_from recover' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from recover' -l yes
complete -c agentops -n __fish_use_subcommand -a rollback -d 'Roll back a change, with preview and approval like any other.'
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l context
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l dry-run
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l help
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l kubeconfig
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l namespace
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l output
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l sandbox
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l side-by-side
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l wait
complete -c agentops -n '__fish_seen_subcommand_from rollback' -l yes
complete -c agentops -n __fish_use_subcommand -a sandbox -d 'Try agentops on an embedded cluster with ready-made incidents.'
complete -c agentops -n '__fish_seen_subcommand_from sandbox' -l help
complete -c agentops -n '__fish_seen_subcommand_from sandbox' -a list -d 'List the scenarios.'
complete -c agentops -n '__fish_seen_subcommand_from list' -l help
complete -c agentops -n '__fish_seen_subcommand_from list' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from list' -l output
complete -c agentops -n '__fish_seen_subcommand_from list' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from sandbox' -a new -d 'Write a template for a scenario of your own.'
complete -c agentops -n '__fish_seen_subcommand_from new' -l folder
complete -c agentops -n '__fish_seen_subcommand_from new' -l help
complete -c agentops -n '__fish_seen_subcommand_from new' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from new' -l output
complete -c agentops -n '__fish_seen_subcommand_from new' -l verbose
complete -c agentops -n '__fish_seen_subcommand_from sandbox' -a up -d 'Serve a scenarios cluster on loopback until Ctrl-C.'
complete -c agentops -n '__fish_seen_subcommand_from up' -l help
complete -c agentops -n '__fish_seen_subcommand_from up' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from up' -l output
complete -c agentops -n '__fish_seen_subcommand_from up' -l verbose
complete -c agentops -n __fish_use_subcommand -a schema -d 'Print the JSON Schema of an output or file.'
complete -c agentops -n '__fish_seen_subcommand_from schema' -l help
complete -c agentops -n '__fish_seen_subcommand_from schema' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from schema' -l output
complete -c agentops -n '__fish_seen_subcommand_from schema' -l verbose
complete -c agentops -n __fish_use_subcommand -a show -d 'Show a stored incident: finding, evidence, cost.'
complete -c agentops -n '__fish_seen_subcommand_from show' -l evidence
complete -c agentops -n '__fish_seen_subcommand_from show' -l help
complete -c agentops -n '__fish_seen_subcommand_from show' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from show' -l output
complete -c agentops -n '__fish_seen_subcommand_from show' -l timeline
complete -c agentops -n '__fish_seen_subcommand_from show' -l verbose
complete -c agentops -n __fish_use_subcommand -a tools -d 'List the tools that the model may call.'
complete -c agentops -n '__fish_seen_subcommand_from tools' -l help
complete -c agentops -n '__fish_seen_subcommand_from tools' -a list -d 'List the tools: what each reads or changes, and the permissions it needs.'
complete -c agentops -n '__fish_seen_subcommand_from list' -l help
complete -c agentops -n '__fish_seen_subcommand_from list' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from list' -l output
complete -c agentops -n '__fish_seen_subcommand_from list' -l verbose
complete -c agentops -n __fish_use_subcommand -a triage -d 'Scan a cluster for problems without a model; change nothing.'
complete -c agentops -n '__fish_seen_subcommand_from triage' -l all
complete -c agentops -n '__fish_seen_subcommand_from triage' -l context
complete -c agentops -n '__fish_seen_subcommand_from triage' -l exit-code
complete -c agentops -n '__fish_seen_subcommand_from triage' -l help
complete -c agentops -n '__fish_seen_subcommand_from triage' -l kubeconfig
complete -c agentops -n '__fish_seen_subcommand_from triage' -l namespace
complete -c agentops -n '__fish_seen_subcommand_from triage' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from triage' -l output
complete -c agentops -n '__fish_seen_subcommand_from triage' -l sandbox
complete -c agentops -n '__fish_seen_subcommand_from triage' -l verbose
complete -c agentops -n __fish_use_subcommand -a version -d 'Print the version; the same as --version.'
complete -c agentops -n '__fish_seen_subcommand_from version' -l help
complete -c agentops -n '__fish_seen_subcommand_from version' -l no-input
complete -c agentops -n '__fish_seen_subcommand_from version' -l output
complete -c agentops -n '__fish_seen_subcommand_from version' -l verbose
complete -c agentops -l output -x -a 'text json markdown'
complete -c agentops -n '__fish_seen_subcommand_from investigate' -F
