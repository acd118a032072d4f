import { sealingKeyId } from '../crypto/sealed-text.js';
import { onOwnConnection } from './own-connection.js';

interface Keys {
  readonly encryptionKey: string;
  readonly encryptionKeysOld: readonly string[];
}

/**
 * Records the key that secrets are sealed with from now on. If the latest recorded key is not configured, the keys were mixed up and
 * every signed alert would fail: then nothing is recorded.
 * @returns the id of the missing key, if any
 */
export async function noteEncryptionKey(
  databaseUrl: string,
  { encryptionKey, encryptionKeysOld }: Keys,
): Promise<string | undefined> {
  const asOwner = { connectionString: databaseUrl, application_name: 'causeflow-start' };
  return onOwnConnection(asOwner, async (client) => {
    const { rows } = await client.query<{ key_id: string }>(
      'SELECT key_id FROM encryption_keys ORDER BY first_used DESC LIMIT 1',
    );
    const known = [encryptionKey, ...encryptionKeysOld].map(sealingKeyId);
    const missing = rows.map(({ key_id }) => key_id).find((latest) => !known.includes(latest));
    if (missing === undefined)
      await client.query('INSERT INTO encryption_keys (key_id) VALUES ($1) ON CONFLICT DO NOTHING', [
        known[0],
      ]);
    return missing;
  });
}
