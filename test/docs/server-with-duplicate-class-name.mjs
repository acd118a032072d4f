// A server with an extension that has a class with the name of one of ours, in plain JavaScript.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { Text } from '#kernel/http/fields';
import { serve } from '#serve';

class RegisterBody {}
class Extension {}

Text({ max: 10 })(RegisterBody.prototype, 'colour');
Module({})(Extension);

await serve([{ module: Extension }]);
