/** File of a pretrained model's parameters in its stage's folder. */
export const PRETRAINED_FILE = 'model.bin';
