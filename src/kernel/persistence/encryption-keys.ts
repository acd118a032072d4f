import { sealingKeyId } from '../crypto/sealed-text.js';
import { onOwnConnection } from './own-connection.js';

interface Keys {
  readonly encryptionKey: string;
  readonly encryptionKeysOld: readonly string[];
}

/**
 * Notes with which key secrets are sealed from now on, unless what was sealed last could not be opened with the keys at
 * hand: then somebody has mixed them up, and every signed alert would fail.
 * @returns the id of the key that is missing
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
