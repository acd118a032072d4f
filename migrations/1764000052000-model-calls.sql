-- What left the house for a language model, and what it cost.

-- up
CREATE TABLE model_calls (
  tenant_id text COLLATE "C" NOT NULL,
  investigation_id text COLLATE "C" NOT NULL,
  turn integer NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  /* SHA-256 of the masked request, its size, and how often each rule of masking had hidden something in it. */
  sent_hash text NOT NULL,
  sent_bytes integer NOT NULL,
  masked json NOT NULL,
  /* Set aside before the call, so that one whose answer never came counts as spent. */
  reserved_tokens integer NOT NULL,
  reserved_usd double precision NOT NULL,
  input_tokens integer,
  output_tokens integer,
  cost_usd double precision,
  failure text,
  started_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  PRIMARY KEY (tenant_id, investigation_id, turn),
  FOREIGN KEY (tenant_id, investigation_id) REFERENCES investigations ON DELETE CASCADE
);
SELECT isolate_by_tenant('model_calls');

-- down
DROP TABLE model_calls;
