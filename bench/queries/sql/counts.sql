\set n random(1, :clerks)
SELECT json_agg(json_build_object('status', status, 'count', count, 'pending', pending, 'overdue', overdue))
FROM (
  SELECT status, count(*) AS count, count(*) FILTER (WHERE pending) AS pending,
         count(*) FILTER (WHERE due_on < current_date
                          AND status IN ('OFFERED', 'ACKNOWLEDGED', 'ACCEPTED', 'IN_PROGRESS')) AS overdue
  FROM referral WHERE receiver_id = (SELECT agency_id FROM peer_rule.clerk WHERE n = :n) GROUP BY status
) c;
