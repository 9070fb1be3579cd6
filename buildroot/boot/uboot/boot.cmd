# Run by U-Boot from the partition of the slot that it starts, with its own device tree for the kernel.
setenv bootargs '@ARGUMENTS@'
load mmc ${disk}:${part} ${kernel_addr_r} Image
booti ${kernel_addr_r} - ${fdtcontroladdr}
