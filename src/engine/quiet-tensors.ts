import { enableProdMode } from '@tensorflow/tfjs-core';

// Before anything else of tfjs is loaded: without it the backends advertise themselves on stderr.
enableProdMode();
