WITH logged AS (
  INSERT INTO peer_rule.request_log (agency_id, subject, request)
  SELECT agency_id, 'clerk', 'accept' FROM peer_rule.queue WHERE n = (SELECT nextval('peer_rule.turn'))
  RETURNING agency_id, (SELECT id FROM peer_rule.queue WHERE n = (SELECT currval('peer_rule.turn'))) AS id
)
UPDATE peer.referral r SET status = 'ACCEPTED', version = version + 1
FROM logged WHERE r.id = logged.id AND r.receiver_id = logged.agency_id
RETURNING json_build_object('id', r.id, 'status', r.status, 'version', r.version);
