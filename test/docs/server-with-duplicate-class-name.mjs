// A server with an extension whose body is called like one of ours, in plain JavaScript.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { Text } from '#kernel/http/fields';
import { serve } from '#serve';

class RegisterBody {}
class Extension {}

Text({ max: 10 })(RegisterBody.prototype, 'colour');
Module({})(Extension);

await serve([{ module: Extension }]);
