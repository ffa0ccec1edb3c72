"""What `jobwise tailor` asks the GraphQL API."""

_REFUSED = "... on UserError { code message } ... on ValidationFailed { fieldErrors { path message } }"

IMPORT_PROFILE = f"""
mutation($input: ImportProfileInput!) {{
  importProfile(input: $input) {{
    __typename
    ... on ImportProfileSuccess {{
      profile {{ id }}
      report {{ counts {{ section count }} notes {{ path message kind }} }}
    }}
    {_REFUSED}
  }}
}}"""

IMPORT_JOB = f"""
mutation($input: ImportJobInput!) {{
  importJob(input: $input) {{ __typename ... on JobSuccess {{ job {{ id }} }} {_REFUSED} }}
}}"""

START = f"""
mutation($input: StartGenerationInput!) {{
  startGeneration(input: $input) {{ __typename ... on StartGenerationSuccess {{ generation {{ id }} }} {_REFUSED} }}
}}"""

PROGRESS = """
subscription($id: ID!, $after: String) {
  generationProgress(id: $id, after: $after) { cursor status progress etaSeconds message }
}"""

STATUS = "query($id: ID!) { generation(id: $id) { status } }"

RESULT = """
query($id: ID!) {
  generation(id: $id) {
    id title status attempts warnings
    authors { document provider model }
    error { code message }
    job { title company location language warnings }
    analysis { seniority years language keywords warnings requirements { id quote kind importance terms years } }
    match {
      score coveredTerms missingTerms rankedSkills years
      requirements { requirementId strength evidenceIds missingTerms }
    }
    usage { calls inputTokens cachedTokens outputTokens cost }
    analytics { seconds stages { stage seconds } }
    documents {
      kind template paper pageCount
      changes { ...change }
      refused { ...change }
      findings { document path kind severity text message }
      coverage { percent covered uncoveredSupported unsupported }
      score { total parse match content caps factors { area key earned max evidence fix } }
      exports { format url }
    }
  }
}
fragment change on Change {
  id path op transform original value reason
  evidence { id kind text }
  requirements { id quote importance }
}"""

#: By what an import's result holds.
DELETE = {
    "profile": "mutation($id: ID!) { deleteProfile(input: {id: $id}) { __typename } }",
    "job": "mutation($id: ID!) { deleteJob(input: {id: $id}) { __typename } }",
}

LOGOUT = "mutation { logout { ok } }"
