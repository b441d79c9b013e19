"""Recording as evidence: raw RTP in journals, what happened in a ledger, both provable without a daemon."""
