// A server with two jobs of its own, in plain JavaScript: one whose step takes a moment, and one that never ends.
import { setTimeout as sleep } from 'node:timers/promises';
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { JobHandler } from '#kernel/jobs/job-handler';
import { serve } from '#serve';

const say = (line) => process.stdout.write(`${line}\n`);

class SlowStep {
  async run() {
    say('the slow step began');
    await sleep(1_500);
    say('the slow step is done');
  }
}

class Endless {
  async run() {
    say('the endless job began');
    await new Promise(() => {});
  }
}

class JobsModule {}

Injectable()(SlowStep);
JobHandler('slow-step')(SlowStep);
Injectable()(Endless);
JobHandler('endless')(Endless);
Module({ providers: [SlowStep, Endless] })(JobsModule);

await serve([{ module: JobsModule }]);
