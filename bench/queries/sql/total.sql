\set n random(1, :clerks)
SELECT json_build_object('totalCount', count(*))
FROM referral WHERE receiver_id = (SELECT agency_id FROM peer_rule.clerk WHERE n = :n);
