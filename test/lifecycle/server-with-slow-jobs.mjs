// A server with two jobs of its own, in plain JavaScript: one whose step goes on until SIGUSR2, and one that never ends.
import { once } from 'node:events';
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { JobHandler } from '#kernel/jobs/job-handler';
import { serve } from '#serve';

const say = (line) => process.stdout.write(`${line}\n`);
// Without a listener it would end the process.
process.on('SIGUSR2', () => {});

class SlowStep {
  async run() {
    say('the slow step began');
    await once(process, 'SIGUSR2');
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
