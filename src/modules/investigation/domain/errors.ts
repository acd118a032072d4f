import { Refusal } from '#kernel/domain/errors';

export function alreadyUnderWay(): Refusal {
  return new Refusal('conflict', 'An investigation of this incident is under way.');
}

export function noneUnderWay(): Refusal {
  return new Refusal('conflict', 'No investigation of this incident is under way.');
}

export function notAwaited(): Refusal {
  return new Refusal('conflict', 'No known solution of this pattern waits for a decision.');
}

export function notInvestigable(status: string): Refusal {
  return new Refusal('conflict', `An incident that is ${status} cannot be investigated.`);
}

export function notEnded(): Refusal {
  return new Refusal('conflict', 'The investigation has not ended yet.');
}

export function alreadyRated(): Refusal {
  return new Refusal('already_exists', 'You have rated this investigation already.');
}

export function neverDecided(): Refusal {
  return new Refusal('conflict', 'No investigation of this incident has come to a decision of its own.');
}

export function notOver(status: string): Refusal {
  return new Refusal('conflict', `An incident that is ${status} is not over; resolve or close it first.`);
}

export function modelsAreForPeople(): Refusal {
  return new Refusal('forbidden', 'An API key may not call a model, because that costs money.');
}
