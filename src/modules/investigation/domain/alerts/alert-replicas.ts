import type { AlertSignal } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';

/**
 * Finds alerts that only one of several replicas has: an anomaly that came from outside would affect all of them. Entities
 * that serve the same operation for the same caller are replicas of each other, whatever their names. Log alerts are
 * ignored, since their messages may contain the replica's own name.
 * @returns the test for one alert of the storm
 */
export function uniqueAmongReplicas(signals: readonly AlertSignal[]): (signal: AlertSignal) => boolean {
  const groupOf = replicaGroups(signals);
  const members = new Map<string, Set<string>>();
  const affected = new Map<string, Set<string>>();
  const kindOf = ({ about, caller, entity, signal }: AlertSignal) =>
    JSON.stringify([groupOf(entity), about, caller === entity, signal]);
  for (const signal of signals) {
    getOrAdd(members, groupOf(signal.entity), () => new Set<string>()).add(signal.entity);
    getOrAdd(affected, kindOf(signal), () => new Set<string>()).add(signal.entity);
  }
  return (signal) =>
    signal.about !== 'log' &&
    (members.get(groupOf(signal.entity))?.size ?? 0) > 1 &&
    affected.get(kindOf(signal))?.size === 1;
}

/**
 * Groups replicas by union-find.
 * @returns the representative of an entity's group: one of its replicas, or the entity itself
 */
function replicaGroups(signals: readonly AlertSignal[]): (entity: string) => string {
  const parents = new Map<string, string>();
  const groupOf = (entity: string): string => {
    let node = entity;
    for (let parent = parents.get(node); parent !== undefined; parent = parents.get(node)) {
      // Path splitting keeps long chains cheap.
      parents.set(node, parents.get(parent) ?? parent);
      node = parent;
    }
    return node;
  };
  const servedBy = new Map<string, string>();
  for (const { about, caller, entity, signal } of signals) {
    if (about !== 'trace' || caller === undefined || caller === entity) continue;
    // Without the last word, the status: one replica may be slow while another fails.
    const operation = JSON.stringify([caller, signal.replace(/ \S*$/, '')]);
    const group = groupOf(servedBy.get(operation) ?? entity);
    servedBy.set(operation, group);
    if (group !== groupOf(entity)) parents.set(groupOf(entity), group);
  }
  return groupOf;
}
