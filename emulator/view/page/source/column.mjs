// A list of numbers that grows and stays one piece of memory.

export class Column {
  constructor(Type = Float64Array, capacity = 16) {
    this.data = new Type(capacity);
    this.length = 0;
  }

  reserve(length) {
    if (length <= this.data.length) return;
    const grown = new this.data.constructor(Math.max(length, 2 * this.data.length));
    grown.set(this.data.subarray(0, this.length));
    this.data = grown;
  }

  push(value) {
    if (this.length === this.data.length) this.reserve(this.length + 1);
    this.data[this.length++] = value;
  }

  append(values) {
    this.reserve(this.length + values.length);
    this.data.set(values, this.length);
    this.length += values.length;
  }

  at(index) {
    return this.data[index];
  }

  values() {
    return this.data.subarray(0, this.length);
  }
}

// The first index whose value is larger than `value`, in a sorted list: how many are not.
export function countUpTo(sorted, value, length = sorted.length) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
