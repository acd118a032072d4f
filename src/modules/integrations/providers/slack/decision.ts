import { isId } from '#kernel/domain/ids';
import type { ChatDecision } from '../provider.js';
import { listOf, objectOf, textOf } from '../read-json.js';
import { BUTTONS } from './blocks.js';

const PERSON = /^[A-Z0-9]{1,64}$/;

/** The press of one of our buttons; undefined for every other interaction, and for slash commands. */
export function decisionIn(body: unknown): ChatDecision | undefined {
  const { type, user, channel, message, actions } = objectOf(body);
  const pressed = listOf(actions).map(objectOf);
  const button = pressed.find(({ block_id: block }) => block === BUTTONS);
  const person = textOf(objectOf(user)['id']) ?? '';
  const { thread_ts: thread, ts } = objectOf(message);
  const place = { channel: textOf(objectOf(channel)['id']), message: textOf(thread) ?? textOf(ts) };
  if (type !== 'block_actions' || !button || !PERSON.test(person)) return undefined;
  if (place.channel === undefined || place.message === undefined) return undefined;
  const { action_id: decision, value: approvalId } = button;
  if ((decision !== 'approve' && decision !== 'reject') || !isId('apr', approvalId)) return undefined;
  return { approvalId, decision, person, channel: place.channel, message: place.message };
}
