import type { AlertSignal } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';

/**
 * Tells the alerts that none of an entity's replicas has: what only one of them has did not come from outside. Entities
 * that answer the same operation for the same caller are replicas of each other, whatever they are called. Messages are
 * left out, for each replica may word them with its own name.
 */
export function unlikeReplicas(signals: readonly AlertSignal[]): (signal: AlertSignal) => boolean {
  const groupOf = replicasIn(signals);
  const members = new Map<string, Set<string>>();
  const having = new Map<string, Set<string>>();
  const kindOf = ({ about, caller, entity, signal }: AlertSignal) =>
    JSON.stringify([groupOf(entity), about, caller === entity, signal]);
  for (const signal of signals) {
    getOrAdd(members, groupOf(signal.entity), () => new Set<string>()).add(signal.entity);
    getOrAdd(having, kindOf(signal), () => new Set<string>()).add(signal.entity);
  }
  return (signal) =>
    signal.about !== 'log' &&
    (members.get(groupOf(signal.entity))?.size ?? 0) > 1 &&
    having.get(kindOf(signal))?.size === 1;
}

/** @returns the same entity for all of a group of replicas; each on its own when it has none */
function replicasIn(signals: readonly AlertSignal[]): (entity: string) => string {
  const leaders = new Map<string, string>();
  const groupOf = (entity: string): string => {
    let last = entity;
    for (let next = leaders.get(last); next !== undefined; next = leaders.get(last)) {
      // Each is led on to the one behind the next, so that a long line is walked along once.
      leaders.set(last, leaders.get(next) ?? next);
      last = next;
    }
    return last;
  };
  const answering = new Map<string, string>();
  for (const { about, caller, entity, signal } of signals) {
    if (about !== 'trace' || caller === undefined || caller === entity) continue;
    // Without its last word, the status: one may be slow where the other fails.
    const operation = JSON.stringify([caller, signal.replace(/ \S*$/, '')]);
    const group = groupOf(answering.get(operation) ?? entity);
    answering.set(operation, group);
    if (group !== groupOf(entity)) leaders.set(groupOf(entity), group);
  }
  return groupOf;
}
