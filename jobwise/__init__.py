"""JobWise: résumés and cover letters tailored to a posting, true to the person's profile."""
