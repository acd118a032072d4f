import type { Evidence } from '#modules/investigation/domain/evidence/evidence';
import { at, list, type Json, numeric, object, optionalText } from './json.js';
import type { RawCase } from './load-cases.js';
import { piece } from './piece.js';

const PRESSURES = ['memory_pressure', 'disk_pressure', 'pid_pressure'];

/** Reads Kubernetes and cloud evidence: states of pods, deployments, nodes and monitors, and events. */
export function readPlatform({ body }: RawCase): Evidence[] {
  return Object.entries(object(at(body, 'evidence'))).flatMap(([name, section]) =>
    piece('platform_event', name, name, [
      ...list(at(section, 'pods')).flatMap(podStates),
      ...list(at(section, 'deployments')).map(deploymentState),
      ...list(at(section, 'nodes')).map(nodeState),
      ...list(at(section, 'monitors')).map(monitorState),
      ...[...list(at(section, 'warning_events')), ...list(at(section, 'events'))].map(event),
    ]),
  );
}

function podStates(pod: Json): object[] {
  const entity = optionalText(pod, 'name') ?? '';
  const unmet = list(at(pod, 'conditions')).filter((each) => at(each, 'status') !== 'True');
  const containers = list(at(pod, 'containers'));
  const state = containers
    .map((each) => at(each, 'state'))
    .find((each) => optionalText(each, 'reason') !== undefined);
  const running = containers.every((each) => at(each, 'ready') === true);
  const over = optionalText(pod, 'phase') === 'Succeeded';
  return [
    {
      kind: 'pod',
      entity,
      ready:
        over ||
        (running && unmet.length === 0 && ['Running', undefined].includes(optionalText(pod, 'phase'))),
      reason: [
        at(pod, 'deletion_timestamp') ? 'Terminating' : undefined,
        optionalText(state, 'reason'),
        ...unmet.map((each) => optionalText(each, 'reason')),
        optionalText(pod, 'phase'),
      ]
        .filter((part) => part !== undefined)
        .join(' '),
      message: [optionalText(state, 'message'), ...unmet.map((each) => optionalText(each, 'message'))]
        .filter((part) => part !== undefined)
        .join('; '),
      exitCode: numeric(at(state, 'exit_code')),
      restarts: containers.reduce<number>((sum, each) => sum + (numeric(at(each, 'restart_count')) ?? 0), 0),
    },
  ];
}

function deploymentState(deployment: Json): object {
  const [desired = 0, ready = 0] = [numeric(at(deployment, 'desired')), numeric(at(deployment, 'ready'))];
  return {
    kind: 'deployment',
    entity: at(deployment, 'name'),
    ready: ready >= desired && (numeric(at(deployment, 'unavailable')) ?? 0) === 0,
    message: `${ready} of ${desired} ready`,
  };
}

function nodeState(node: Json): object {
  const pressures = PRESSURES.filter((name) => at(node, name) === 'True' || at(node, name) === true);
  const ready = at(node, 'ready') === 'True' || at(node, 'ready') === true;
  return {
    kind: 'node',
    entity: at(node, 'name'),
    ready: ready && pressures.length === 0,
    reason: [ready ? undefined : 'NodeNotReady', ...pressures].filter((part) => part !== undefined).join(' '),
  };
}

function monitorState(monitor: Json): object {
  return {
    kind: 'monitor',
    entity: at(monitor, 'name'),
    ready: !/alert|warn|no data/i.test(optionalText(monitor, 'overall_state') ?? ''),
    message: at(monitor, 'message'),
  };
}

function event(json: Json): object {
  return {
    timestamp: at(json, 'last_time') ?? at(json, 'date') ?? at(json, 'timestamp'),
    entity: at(json, 'involved_object') ?? at(json, 'source_identifier'),
    reason: at(json, 'reason'),
    message: at(json, 'message'),
    type: at(json, 'type'),
  };
}
